{{ config(meta={'dagster': {'ref': {'name': 'contributions'}}}) }}
-- No contribution ends with a purpose that its fact does not give.
select c.contribution
from {{ ref('contributions') }} as c
inner join {{ ref('stg_facts') }} as f on f.contribution = c.contribution
where not list_has_all(f.purposes, c.purposes)
