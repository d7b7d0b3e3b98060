//! Czech: all that needs somebody, and not wanting to be told of some of it.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::muting::Muting;

pub(in crate::admin::pages::words) const WORDS: Muting = Muting {
    acknowledged_by: "Na vědomí vzal(a) {who}. Ohlásí se to znovu, až půjde o něco jiného.",
    all_of_it: "Vše, co čeká na správce, i to, co je ztlumené",
    do_acknowledge: "Vzít na vědomí",
    do_mute: "Ztlumit …",
    do_mute_for_good: "Ztlumit natrvalo",
    do_mute_until: "Ztlumit do té doby",
    do_retry: "Zkusit to teď znovu",
    do_unmute: "Zase hlásit",
    for_good_lead: "Nikdo na to už nebude upozorněn, ledaže by to bylo závažnější. V tomto seznamu to zůstane.",
    for_good_title: "Natrvalo",
    lead: "Co je ztlumené, je v seznamu dál, ale nikdo na to není upozorňován. Bude-li to závažnější, ohlásí se to znovu.",
    mluvii_again: "mluvii bylo mimo provoz a zase se volá.",
    mute_title: "Ztlumit",
    muted: "Ztlumené",
    muted_by: "Ztlumeno, kdo: {who}",
    muted_until: "Ztlumeno do {until}, kdo: {who}",
    needed: "Potřebuje člověka",
    not_muted: "Ztlumené to není",
    nothing: "Nic takového tu není.",
    retried_lead: "Co znovu selže, vrátí se do seznamu.",
    title: "Co čeká na správce",
    until: "Do konce dne",
    until_hint: "Den, který teprve přijde",
    until_lead: "Do té doby na to nikdo nebude upozorněn, ledaže by to bylo závažnější.",
    until_title: "Na čas",
    until_wrong: "Zadejte den, který teprve přijde, například 2027-03-31.",
    retried: Forms {
        one: "Znovu se zkouší {n} věc",
        few: "Znovu se zkoušejí {n} věci",
        other: "Znovu se zkouší {n} věcí",
    },
};
