-- From an item of a release back to the fact that allows it: version, row, redactor, fact, node, tier, purposes.
select
    u.version,
    u.row,
    u.contribution,
    c.fact as consent_fact,
    c.record as consent_record,
    c.node as accepted_by,
    c.given_at,
    c.standing,
    c.preview,
    c.redactor,
    c.tier,
    c.purposes,
    u.weight,
    v.recipe,
    v.policy,
    v.document as dataset_version
from {{ ref('uses') }} as u
inner join {{ ref('contributions') }} as c on c.contribution = u.contribution
inner join (
    select version, min(document) as document, any_value(recipe) as recipe, any_value(policy) as policy
    from {{ ref('versions') }} group by version
) as v on v.version = u.version
