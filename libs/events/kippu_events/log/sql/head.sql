select epoch, position, slot_seqs, recorded_at
from log.head
