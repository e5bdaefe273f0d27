{{ config(meta={'dagster': {'ref': {'name': 'members'}}}) }}
-- No member of a version is without a fact that counts.
select m.version, m.row
from {{ ref('members') }} as m
left join {{ ref('contributions') }} as c on c.contribution = m.contribution
where c.contribution is null
