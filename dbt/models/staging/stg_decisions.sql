-- The strictest decision that no other one replaces.
with decisions as (
    select
        contribution, digest, decision, tier, grounds, previous, stated_at,
        list_position(
            ['admit', 'restore', 'restrict-tier', 'require-redaction', 'quarantine', 'exclude'], decision
        ) as severity
    from {{ ref('stg_changes') }}
    where kind = 'ModerationDecision'
)
select d.*, coalesce(d.tier, 'training-only') as restricts_to
from decisions as d
left join {{ source('lake', 'tiers') }} as t
    on t.tier = coalesce(d.tier, 'training-only') and d.decision = 'restrict-tier'
where not exists (select 1 from decisions as r where r.contribution = d.contribution and r.previous = d.digest)
qualify row_number() over (
    partition by d.contribution order by d.severity desc, coalesce(t.strictness, 0) desc, d.digest desc
) = 1
