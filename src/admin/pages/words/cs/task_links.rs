//! Czech: links by which somebody without an account answers a task.

use crate::admin::pages::words::task_links::TaskLinks;

pub(in crate::admin::pages::words) const WORDS: TaskLinks = TaskLinks {
    do_make: "Vytvořit odkaz",
    lead: "Kdo tu nemá účet, například v archivu, odpoví jednou přes odkaz. Koho se úkol týká, na jeho stránce nestojí: to mu řeknete vy. Na dokladu to bude jako slovo toho, kdo měl odkaz od vás.",
    made_lead: "Předejte ho tomu, kdo práci udělá, cestou, které byste svěřili i úkol sám, a řekněte mu, koho se to týká.",
    made_link: "Odkaz",
    made_once: "Zobrazuje se jen teď a nikde se neuchovává.",
    made_title: "Odkaz na úkol {id}",
    needs_address: "Odkaz potřebuje adresu, na které lidé tento server najdou. Kdo se stará o konfiguraci, nastaví na ni server.public_url; musí to být adresa https.",
    not_now: "Odkaz půjde vytvořit znovu, až správce zadá úkol ještě jednou.",
    title: "Odpověď přes odkaz",
    to_task: "Zpět k úkolu",
    until: "Platí do {until}, pro jednu odpověď.",
};
