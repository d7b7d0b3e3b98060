//! Czech: what stands where nobody has seen everything, and where not everything is shown to whoever looks.

use crate::admin::pages::words::unseen::Unseen;

pub(in crate::admin::pages::words) const WORDS: Unseen = Unseen {
    complete_unseen: "Úplný, ale ne vše je ověřené",
    only_companies: "Zobrazuje se jen to, co patří společnostem, které smíte vidět: {companies}.",
    only_companies_home: "Zobrazuje se jen to, co patří společnostem, které smíte vidět: {companies}. O ostatních společnostech a o tom, co se týká celé instalace, tu nic nestojí: to vidí ten, kdo smí vidět všechny společnosti.",
    persons_withheld: "Výmazy osob se zobrazují jen pověřencům a schvalovatelům. Proto tu žádný není uveden, ani kdyby se této konverzace týkal.",
};
