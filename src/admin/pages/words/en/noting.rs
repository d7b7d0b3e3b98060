//! English: acknowledging incomplete receipts, and the file with all receipts.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::noting::Noting;

pub(in crate::admin::pages::words) const WORDS: Noting = Noting {
    back: "Back to the incomplete receipts",
    do_download: "Download all receipts",
    file_lead: "A file of JSON lines, to be kept elsewhere. Anybody can verify it without this server, and it names nobody.",
    file_title: "All receipts as a file",
    lead: "By this you say that you know what was left. It is called to nobody's attention any more, and the server may move it to an archive later. The receipt stays as it is.",
    noted_lead: "Your name stands in the audit. The receipts stay as they are, and incomplete.",
    nothing_new: "Somebody has acknowledged it before",
    title: "Acknowledge what was left",
    do_note: Forms {
        one: "Acknowledge {n} receipt",
        few: "Acknowledge {n} receipts",
        other: "Acknowledge {n} receipts",
    },
    noted: Forms {
        one: "You have acknowledged {n} incomplete receipt",
        few: "You have acknowledged {n} incomplete receipts",
        other: "You have acknowledged {n} incomplete receipts",
    },
};
