-- The transparency ledger: every public statement, by whom, about what, and whether it counts.
select digest, kind, signer, contribution, stated_at, counts
from {{ source('lake', 'statements') }}
