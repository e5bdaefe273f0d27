-- Held texts that enough curators have read, and what they became: the weakest standing that one who confirmed
-- states. A confirmation from before somebody marked more does not count; who marked has read it.
with fitting as (
    select r.*
    from {{ source('lake', 'readings') }} as r
    inner join {{ ref('stg_rows') }} as c on c.contribution = r.contribution
    where
        case r.reading
            when 'marked' then list_contains(c.rows, r.row)
            else list_contains(c.rows[c.marked + 1:], r.row)
        end
),
enough as (
    select contribution, charter_state
    from fitting
    group by contribution, charter_state
    having bool_or(reading = 'confirmed') and count(distinct curator) >= max(needed)
)
select f.contribution, max_by(f.standing, s.weakness) as standing
from fitting as f
inner join {{ source('lake', 'standings') }} as s on s.standing = f.standing
where f.reading = 'confirmed' and f.contribution in (select contribution from enough)
group by f.contribution
