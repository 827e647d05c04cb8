# One image for every service, and for the commands beside them: `docker run kippu serve intake`.
#
# It runs as a user without rights, on a read-only root: what is written goes to /data (mail, where no relay is set) and
# /tmp. Keys come in as files under /keys, which `kippu keys make` makes.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements-build.lock requirements-production.lock ./
RUN python -m venv /opt/kippu \
 && /opt/kippu/bin/pip install --no-deps --require-hashes -r requirements-production.lock \
 && python -m venv /opt/build \
 && /opt/build/bin/pip install --no-deps --require-hashes -r requirements-build.lock
COPY pyproject.toml ./
COPY plans plans
COPY libs libs
COPY services services
COPY cli cli
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
 && /opt/kippu/bin/pip install --no-deps --no-index /wheel/*.whl \
 && /opt/kippu/bin/pip uninstall --yes pip setuptools

FROM python:3.11-slim
RUN groupadd --gid 10001 kippu \
 && useradd --uid 10001 --gid kippu --no-create-home --home-dir /data --shell /usr/sbin/nologin kippu \
 && install -d -o kippu -g kippu -m 0700 /data /keys /password /clock
COPY --from=build /opt/kippu /opt/kippu
COPY plans /opt/kippu/plans
# Alone in its container, every service listens on the same port.
ENV PATH=/opt/kippu/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    KIPPU_MODE=kafka KIPPU_DATA_DIR=/data KIPPU_PLANS_DIR=/opt/kippu/plans \
    KIPPU_HOST=0.0.0.0 KIPPU_INTAKE_PORT=8000 KIPPU_ENTITLEMENT_PORT=8000 KIPPU_DISPATCH_PORT=8000 \
    KIPPU_BILLING_PORT=8000 KIPPU_CONSOLE_PORT=8000 KIPPU_SMTP_HOST=0.0.0.0
WORKDIR /data
USER 10001:10001
EXPOSE 8000 8125
# Services end their requests within 10 seconds of it, and then themselves: give them 20.
STOPSIGNAL SIGTERM
# Asked by the shell: a Python that starts for each question would cost more than the service at rest. A start takes
# seconds, but minutes on a machine that has much else to do; it is ready as soon as it says so.
HEALTHCHECK --interval=10s --timeout=10s --start-period=300s --retries=6 \
    CMD ["bash", "-c", \
         "exec 3<>/dev/tcp/127.0.0.1/8000; printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3; read -r answer <&3; [[ $answer == *' 200 '* ]]"]
ENTRYPOINT ["kippu"]
