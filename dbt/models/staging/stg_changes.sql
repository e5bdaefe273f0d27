-- Everything that was said afterwards about a contribution, and counts.
select s.*
from {{ source('lake', 'statements') }} as s
where s.contribution != '' and s.kind != 'ConsentFact' and s.counts
