-- Every published version, as its signed document states it.
select version, digest as document, items, refused, recipe, policy, as_of, stated_at as published_at, signer as node
from {{ source('lake', 'statements') }}
where kind = 'DatasetVersion' and counts
