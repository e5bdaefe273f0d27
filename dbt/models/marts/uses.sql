-- Where a contribution went: each version that holds one of its rows, and whether it may still be used there.
select
    c.contribution,
    m.version,
    min(v.published_at) as used_at,
    m.row,
    m.row != c.row as superseded_since,
    c.state in ('withdrawn', 'erased', 'moderated') as taken_back_since,
    m.weight
from {{ ref('members') }} as m
inner join {{ ref('contributions') }} as c on c.contribution = m.contribution
inner join {{ ref('versions') }} as v on v.version = m.version
group by c.contribution, m.version, m.row, c.row, c.state, m.weight
