"""The words a verified sentence may use freely: they state no figure, status, direction or name.

Left out on purpose, since each of them changes what a sentence says: negations, number words, comparisons,
months and weekdays, statuses (lapsed, overdue, refunded, deceased) and superlatives; those come through bound
slots only.
"""

from __future__ import annotations

_FUNCTION_WORDS = """
a about across ahead all along alongside also am amid among an and another any are around as at be because
been behind being beside between both but by can could did do does doing during either far for from had has
have having he her here hers him his how if in into is it its itself just let lets may might now of on onto
onward or other others our ours over own per plus same shall she should so some soon such than that the
their theirs them themselves then there these they this those through throughout to together too toward
towards under up upon us via was we were what when where whereas which while who whom whose why will with
within would you your
"""

VERBS = """
acknowledge acknowledges acknowledging address addresses agree amount amounts answer answers appear appears
appreciate appreciates ask asked asking asks assign assigned assigns become becomes bring bringing brings
brought build building builds call calling calls came care cares celebrate celebrating check checking checks
come comes coming compare compared confirm confirming confirms connect connects consider considering
considers continue continued continues continuing contribute contributed contributes contributing cultivate
cultivates deepen deepens describe describes deserve deserves discuss discusses discussing donate donated
donates donating engage engaged engages engaging express expressing find finds follow following follows gave
give given gives giving handle handles held help helped helping helps hold holds include included includes
including introduce introducing invite invites inviting involve involved involves keep keeping keeps kept
know knows learn learns leave leaves list listed lists look looks made make makes making manage managed
manages managing mark marked marks meet meeting mention mentioned mentions merit merits need needs note
noted notes nurture offer offering offers pause pauses pay paying pays plan planning plans prepare prepares
preparing reach reaches receive received recognise recognises recognize recognizes recommend recommended
recommends reconnect reconnecting record recorded records remain remains resolve resolves review reviewing
reviews run running runs said say says schedule schedules scheduling see seem seems sees send sends settle
settles share shares sharing show showing shown shows speak speaks spoke stand stands stay stays steward
stewarding stewards strengthen suggest suggests support supported supporting supports take takes taking talk
talks tell tells thank thanking thanks told treat treats update updates use uses value values visit visiting
wait waiting waits want wants welcome welcomes work works write writes writing
"""

_NOUNS = """
acknowledgement acknowledgements acknowledgment acknowledgments action actions amount amounts answer answers
appeal appeals appreciation ask asks attention balance call calls campaign campaigns card cards care cause
channel channels charity colleague colleagues commitment communication communications company consent
contact contacts contribution contributions conversation conversations counted crm currency data date dates
day days detail details director donation donations donor donors e-mail e-mails email emails end event
events family figure figures foundation friend friends fund fundraiser fundraisers fundraising funds
generosity gift gifts giver giving gratitude history household impact information installment installments
instalment instalments institution interest interests invitation kind legal letter letters level line mail
manager meeting meetings member members message messages mission moment money month months name names note
notes officer opportunities opportunity organisation organization outreach owner part partner payment
payments people period permission person phone place plan plans point portfolio preference preferences
program programme project projects question questions receipt receipts record records relationship
relationships reminder reminders replies reply request requests respect review row schedule segment segments
sort source sources spouse staff stage start status step steps strategy support supporter supporters task
tasks team text thank-you thanks tier time timeline touch visit visits way week weeks work year years
"""

_DESCRIPTIONS = """
accordingly apart appropriate available best brief briefly calendar careful carefully clear clearly close
closely committed current currently dedicated devoted different directly due entire faithful fiscal friendly
generous generously gentle gently good great heartfelt helpful hence however ideally important kind kindly
likely listed long-standing longstanding longtime loyal main maybe meaningful meanwhile much natural ongoing
open particular perhaps personal personalised personalized personally please polite politely possible
present prompt promptly quick quickly quite ready really recorded regular related relevant right separate
separately short shown sincere sincerely special steadily steady strong suitable therefore thoughtful
thoughtfully thus timely today useful valued very warm warmly well whole worthwhile
"""

LEXICON: frozenset[str] = frozenset(" ".join((_FUNCTION_WORDS, VERBS, _NOUNS, _DESCRIPTIONS)).lower().split())

_ALSO_NAMES = """
amber april art august autumn bill chase christian crystal dawn dean drew duke earl eve faith frank grace
grant holly hope iris ivy jack joy june lane lily march mark may melody merit page pat pearl penny ray rich
rob rose ruby skip sue summer victor violet wade will
"""

# Ordinary words that are also given names or months: with a capital letter they are taken for the name.
ALSO_NAMES: frozenset[str] = frozenset(_ALSO_NAMES.split())

CAPITALISED: frozenset[str] = frozenset({"CRM", "I"})
