-- What became of each contribution: every change only ever makes it stricter, in whatever order it came.
with tiers_said as (
    select contribution, tier from {{ ref('stg_facts') }}
    union all
    select contribution, tier from {{ ref('stg_changes') }} where kind != 'ModerationDecision'
    union all
    select contribution, restricts_to from {{ ref('stg_decisions') }} where decision = 'restrict-tier'
),
tier_left as (
    select s.contribution, max_by(s.tier, t.strictness) as tier
    from tiers_said as s
    inner join {{ source('lake', 'tiers') }} as t on t.tier = s.tier
    group by s.contribution
),
standing_now as (
    select f.contribution, case when f.standing = 'held' then coalesce(h.standing, 'held') else f.standing end as standing
    from {{ ref('stg_facts') }} as f
    left join {{ ref('stg_released') }} as h on h.contribution = f.contribution
),
changed as (
    select
        contribution,
        bool_or(kind = 'ConsentWithdrawal' or coalesce(withdrawn, false)) as withdrawn,
        bool_or(kind = 'Erased') as erased,
        min(because) filter (where kind = 'Erased') as erased_because,
        min(expires) as expires,
        count(distinct cites) filter (where kind = 'PartyConsent') as parties_since,
        list(purposes) filter (where purposes is not null) as narrowed
    from {{ ref('stg_changes') }}
    group by contribution
)
select
    f.contribution,
    case
        when coalesce(c.erased, false) then 'erased'
        when coalesce(c.withdrawn, false) then 'withdrawn'
        when d.decision in ('quarantine', 'exclude', 'require-redaction') then 'moderated'
        when n.standing = 'held' then 'held'
        else 'given'
    end as state,
    r.row,
    r.superseded,
    t.tier,
    case when t.tier != f.tier then f.tier end as tier_given,
    list_sort(list_distinct(list_filter(
        f.purposes, lambda p: list_bool_and(list_transform(coalesce(c.narrowed, []), lambda n: list_contains(n, p)))
            is not false
    ))) as purposes,
    n.standing,
    f.preview,
    f.language,
    f.size_class,
    f.cohort,
    f.stated_at as given_at,
    least(f.expires, c.expires) as expires,
    f.hold_until,
    d.decision as moderation,
    f.signer as node,
    f.digest as fact,
    coalesce(r.redactor, f.redactor) as redactor,
    f.record,
    f.parties_required,
    greatest(f.parties_given, least(f.parties_required, f.parties_given + coalesce(c.parties_since, 0)))
        as parties_given,
    coalesce(c.withdrawn, false) as withdrawn,
    coalesce(c.erased, false) as erased,
    c.erased_because,
    f.conflict
from {{ ref('stg_facts') }} as f
inner join tier_left as t on t.contribution = f.contribution
inner join standing_now as n on n.contribution = f.contribution
inner join {{ ref('stg_rows') }} as r on r.contribution = f.contribution
left join changed as c on c.contribution = f.contribution
left join {{ ref('stg_decisions') }} as d on d.contribution = f.contribution
