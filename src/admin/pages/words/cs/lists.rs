//! Czech: what lists say of what they show, and of trying a selection again.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::lists::Lists;

pub(in crate::admin::pages::words) const WORDS: Lists = Lists {
    about_guest: "Host, {company}",
    about_person: "Osoba, {company}",
    about_session: "Konverzace {session}",
    back_to_list: "Zpět na seznam",
    do_filter: "Zobrazit",
    do_retry_these: "Zkusit zaškrtnuté znovu",
    longest_due_first: "Nejdéle čekající první",
    look_at_them: "Podívat se, co potřebuje člověka teď",
    more_filters: "Spojit více podmínek",
    needs_person: "Potřebuje člověka",
    nothing_to_retry: "V tomto seznamu se nic nezastavilo, takže není co zkoušet znovu.",
    not_retried_caption: "Které to jsou a proč",
    parked_since: "Člověka teď potřebuje i něco jiného, než bylo ukázáno, proto se nic z tohoto výmazu nezkusilo. Podívejte se na něj znovu.",
    retried_lead: "Jejich systémy se zavolají, jakmile na ně přijde řada. Co znovu selže, vrátí se do seznamu i s důvodem.",
    retry_many_lead: "U každého výmazu se znovu rozběhne vše, co potřebuje člověka. Nejdřív zjistěte příčiny, jinak přijde nejspíš stejná odpověď. U toho, co má zůstat, zaškrtnutí zrušte.",
    retry_these: "Zkusit tyto znovu",
    rule: "Pravidlo",
    stuck: "Zastavený krok",
    ticked_are_retried: "Znovu se zkusí zaškrtnuté výmazy a žádné jiné",
    time: "Čas",
    time_any: "Jakýkoli",
    time_due: "Přišel čas, není hotovo",
    time_late: "Po lhůtě",
    which_erasures: "Které výmazy",
    without_filters: "Zobrazit všechny",
    not_retried: Forms {
        one: "{n} výmaz zůstal, jak byl",
        few: "{n} výmazy zůstaly, jak byly",
        other: "{n} výmazů zůstalo, jak byly",
    },
    not_shown: Forms {
        one: "{n} další výmaz ze seznamu potřebuje člověka a nebyl ukázán",
        few: "{n} další výmazy ze seznamu potřebují člověka a nebyly ukázány",
        other: "{n} dalších výmazů ze seznamu potřebuje člověka a nebylo ukázáno",
    },
    not_shown_at_least: Forms {
        one: "Nejméně {n} další výmaz ze seznamu potřebuje člověka a nebyl ukázán",
        few: "Nejméně {n} další výmazy ze seznamu potřebují člověka a nebyly ukázány",
        other: "Nejméně {n} dalších výmazů ze seznamu potřebuje člověka a nebylo ukázáno",
    },
    not_tried: Forms {
        one: "{n} další výmaz už se nezkoušel, protože server nemohl pokračovat",
        few: "{n} další výmazy už se nezkoušely, protože server nemohl pokračovat",
        other: "{n} dalších výmazů už se nezkoušelo, protože server nemohl pokračovat",
    },
    only_first: Forms {
        one: "Je jich víc: zde je uveden {n}. Ostatní přijdou na řadu potom.",
        few: "Je jich víc: zde jsou uvedeny {n}. Ostatní přijdou na řadu potom.",
        other: "Je jich víc: zde je uvedeno {n}. Ostatní přijdou na řadu potom.",
    },
    retried: Forms {
        one: "{n} výmaz se znovu rozbíhá",
        few: "{n} výmazy se znovu rozbíhají",
        other: "{n} výmazů se znovu rozbíhá",
    },
    retry_count: Forms {
        one: "{n} výmaz jde zkusit znovu",
        few: "{n} výmazy jde zkusit znovu",
        other: "{n} výmazů jde zkusit znovu",
    },
};
