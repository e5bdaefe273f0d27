-- Of all facts that claim one contribution and count, the one with the least digest is read; two are a conflict.
select
    *,
    count(*) over (partition by contribution) > 1 as conflict
from {{ source('lake', 'statements') }}
where kind = 'ConsentFact' and counts
qualify row_number() over (partition by contribution order by digest) = 1
