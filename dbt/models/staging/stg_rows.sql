-- The chain of rows from the fact's own through every redaction that fits; it never comes back to a row whose
-- bytes are gone. Of two redactions of one row, the one with the greatest digest goes on.
with recursive following as (
    select contribution, row_before, row_after
    from {{ ref('stg_changes') }}
    where kind = 'Redaction'
    qualify row_number() over (partition by contribution, row_before order by digest desc) = 1
),
chain as (
    select contribution, [row] as rows from {{ ref('stg_facts') }}
    union all
    select c.contribution, list_append(c.rows, f.row_after)
    from chain as c
    inner join following as f
        on f.contribution = c.contribution and f.row_before = c.rows[-1] and not list_contains(c.rows, f.row_after)
)
select contribution, rows[-1] as row, rows[:-2] as superseded
from chain
qualify row_number() over (partition by contribution order by len(rows) desc) = 1
