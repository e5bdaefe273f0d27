-- The chain of rows from the fact's own through every redaction that fits; it never comes back to a row whose
-- bytes are gone. Of two redactions of one row, the one with the greatest digest goes on. `read_by` has the
-- redactor of each step, `marked` the number of the last step that a person made.
with recursive following as (
    select contribution, row_before, row_after, redactor
    from {{ ref('stg_changes') }}
    where kind = 'Redaction'
    qualify row_number() over (partition by contribution, row_before order by digest desc) = 1
),
chain as (
    select contribution, [row] as rows, []::varchar[] as read_by from {{ ref('stg_facts') }}
    union all
    select c.contribution, list_append(c.rows, f.row_after), list_append(c.read_by, f.redactor)
    from chain as c
    inner join following as f
        on f.contribution = c.contribution and f.row_before = c.rows[-1] and not list_contains(c.rows, f.row_after)
)
select
    contribution,
    rows,
    rows[-1] as row,
    rows[:-2] as superseded,
    list_filter(read_by, lambda program: program != 'by-hand')[-1] as redactor,
    len(read_by) - coalesce(list_position(list_reverse(read_by), 'by-hand') - 1, len(read_by)) as marked
from chain
qualify row_number() over (partition by contribution order by len(rows) desc) = 1
