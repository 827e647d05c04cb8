select outcomes, versions, positions, slot_seqs
from log.append($1::log.new_command[], $2::log.new_mark[], $3::log.new_part[], $4::log.new_event[])
