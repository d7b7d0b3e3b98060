//! English: what stands on a page where there is nothing yet, and of the reader's time zone.

use crate::admin::pages::words::places::Places;

pub(in crate::admin::pages::words) const WORDS: Places = Places {
    audit_none: "Whoever orders something here, on the command line or over the API, is named here with what it was.",
    default_zone: "Leave it empty for the zone of this deployment, {zone}. Deadlines are days of that zone, whatever is chosen here.",
    no_erasures: "An erasure begins when a rule demands one of a session that mluvii tells of, or when somebody has the plan of a request run.",
    no_holds: "A hold keeps something from being erased for now, such as for a claim. An officer adds one.",
    no_receipts: "There is a receipt once an erasure is over. It proves what was done, and what was not.",
    no_requests: "Enter what persons ask for, such as in a letter, as soon as it comes: its month counts from that day.",
    no_tasks: "Somebody is given a task where a person has to erase by hand, such as on paper. Which systems those are stands in the configuration.",
    reader_zone: "Time zone",
    reader_zone_hint: "Such as Europe/Prague",
    reader_zone_lead: "In which zone times are shown in this browser. The deployment is in {zone}.",
    set_zone: "Show times so",
    zone_unknown: "Enter a zone by its name, such as Europe/Prague or America/New_York.",
};
