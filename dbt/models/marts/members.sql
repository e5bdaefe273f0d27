-- Which item is in which version, at what weight.
select version, row, contribution, weight from {{ source('lake', 'members') }}
