-- What was said about each contribution, statement by statement, in the order of the times that they state.
select
    s.contribution,
    s.stated_at,
    case s.kind
        when 'ConsentFact' then 'given'
        when 'PartyConsent' then 'given by a party'
        when 'ConsentWithdrawal' then 'withdrawn'
        when 'ConsentNarrowing' then 'narrowed'
        when 'ConsentChange' then case when s.withdrawn then 'withdrawn' else 'narrowed' end
        when 'ModerationDecision' then s.decision
        when 'Redaction' then 'redacted'
        when 'HeldReading' then s.reading
        when 'Erased' then coalesce('erased: ' || s.because, 'erased')
        else s.kind
    end as what,
    s.tier,
    s.purposes,
    s.signer,
    s.digest as document
from {{ source('lake', 'statements') }} as s
where s.contribution != '' and s.counts
order by s.contribution, s.stated_at, s.digest
