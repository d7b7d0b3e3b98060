//! English: what is said of a request's plan, its approval and its answer.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::requesting::Requesting;

pub(in crate::admin::pages::words) const WORDS: Requesting = Requesting {
    answer_certificate: "Print the certificate for the person.",
    answer_letter: "Send it with the letter that says what came of the request, within the deadline.",
    answer_remains: "Answer the person, unless that was done already",
    answer_where: "The certificate and the letters",
    answers_caption: "What each system answered when the plan was made; nothing was erased by that",
    answers_not_kept: "The answers of the systems were not kept with this plan, so nobody knows them here. Make the plan again.",
    approved_to_run: "The plan is approved; an officer has it erased.",
    certificate_of: "Certificate of receipt {number}",
    for_authority: "For the authority",
    for_person: "For the person",
    not_asked_paused: "It is paused, so nobody asked it. Reason: {reason}.",
    not_settled: "What the receipt will say is not known for sure yet.",
    perhaps: "Perhaps: {reason}",
    reasons_of_either: "To erase or to keep",
    reasons_not_theirs: "Only to keep: somebody else’s",
    reasons_theirs: "Only to keep: theirs, so the receipt is incomplete",
    unknown_asker_title: "Nobody can approve this plan",
    unknown_asker_way: "The way out: an officer closes the request as entered by mistake and enters it again under an account of their own, with the same day on which it came. Then a colleague can approve it.",
    waits_for_your_approval: "It waits for your approval.",
    contacts_found: Forms {
        one: "The directory of mluvii has {n} contact of the person. Its record stays.",
        few: "The directory of mluvii has {n} contacts of the person. Their records stay.",
        other: "The directory of mluvii has {n} contacts of the person. Their records stay.",
    },
};
