-- Why the gate says no, by contribution and purpose given: of all reasons that apply, the first it asks for.
with asked as (
    select c.*, unnest(c.purposes) as purpose from {{ ref('contributions') }} as c
),
applying as (
    select
        a.contribution,
        a.purpose,
        unnest(list_filter([
            case when a.moderation in ('quarantine', 'exclude', 'require-redaction') then 'moderated' end,
            case when a.conflict then 'conflict' end,
            case when a.erased then 'erased' end,
            case when a.withdrawn then 'withdrawn' end,
            case when a.standing = 'held' then 'held' end,
            case when not list_contains(l.standings, a.standing) then 'standing-not-admitted' end,
            case when not list_contains(l.previews, a.preview) then 'preview-not-admitted' end,
            case when l.as_of < a.hold_until then 'on-hold' end,
            case when l.as_of >= a.expires then 'expired' end,
            case when a.parties_given < a.parties_required then 'parties-missing' end,
            case when not list_contains(t.purposes, a.purpose) then 'tier-does-not-admit-purpose' end
        ], lambda reason: reason is not null)) as reason
    from asked as a
    cross join {{ source('lake', 'law') }} as l
    inner join {{ source('lake', 'tiers') }} as t on t.tier = a.tier
)
select a.contribution, a.purpose, a.reason, r.sentence
from applying as a
inner join {{ source('lake', 'reasons') }} as r on r.reason = a.reason
qualify row_number() over (partition by a.contribution, a.purpose order by r.place) = 1
