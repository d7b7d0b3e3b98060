//! Czech: a hold on a guest, and on what a rule demands.

use crate::admin::pages::words::holding::Holding;

pub(in crate::admin::pages::words) const WORDS: Holding = Holding {
    guest: "Identifikátor hosta v mluvii",
    guest_hint: "Zůstanou všechny konverzace tohoto hosta",
    guest_wrong: "Napište identifikátor hosta tak, jak ho mluvii přiděluje.",
    only_one: "Uveďte jen jedno: konverzaci, hosta, pravidlo, nebo osobu.",
    rule: "Pravidlo",
    rule_hint: "Zůstane vše, co toto pravidlo určí k výmazu; podle názvu pravidla",
    rule_unknown: "Podle pravidla tohoto názvu žádný server nepracoval.",
};
