//! Czech: having a session or a guest erased by hand.

use crate::admin::pages::words::demanding::Demanding;

pub(in crate::admin::pages::words) const WORDS: Demanding = Demanding {
    ask_lead: "Výmaz začne, jakmile jsou jeho konverzace uzavřené, a doklad uvede, co se provedlo. Co se vymaže, nejde vrátit.",
    ask_lead_approval: "Výmaz začne, až ho schválí někdo jiný a jeho konverzace budou uzavřené, a doklad uvede, co se provedlo. Co se vymaže, nejde vrátit.",
    ask_needed: "Zaškrtněte, že je to záměr.",
    ask_tick: "Tohle se má vymazat",
    ask_title: "Zadat výmaz",
    do_ask: "Zadat výmaz",
    do_foresee: "Zjistit, co by se vymazalo",
    foreseen: "Co by se vymazalo",
    foreseen_lead: "Zatím se nic nevymazalo. Až výmaz začne, zjistí se to znovu.",
    guest_hint: "Vymažou se všechny konverzace tohoto hosta, a to všude",
    lead: "Bez pravidla, třeba po zkušební konverzaci. O co požádá osoba, to zapište jako její žádost, aby se vědělo, jak přišla a čí je:",
    not_asked: "Nic se nezadalo",
    nothing_named: "Uveďte konverzaci, nebo hosta.",
    only_one: "Uveďte konverzaci, nebo hosta, ne obojí.",
    session_hint: "Vymaže se jen tato konverzace, a to všude",
    title: "Vymazat konverzaci nebo hosta",
    unsettled: "Počká se na konverzace, které ještě nejsou uzavřené, nejpozději do {until}.",
};
