//! Czech: what the first page says of tasks, of what there is in all, and to who approves before anything has come.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::starting::Starting;

pub(in crate::admin::pages::words) const WORDS: Starting = Starting {
    approver_begin: "Jakmile pověřenec sestaví první plán, najdete ho na této stránce a tady ho i otevřete.",
    approver_begin_title: "Schvalujete výmazy?",
    tasks_late_act: "Zjistěte, jak to dopadlo, a zapište to u úkolu.",
    tasks_residual_act: "Zjistěte, co tam zůstalo a proč. Úkol zadá znovu správce.",
    tasks_late: Forms {
        one: "{n} úkol nikdo včas nepotvrdil",
        few: "{n} úkoly nikdo včas nepotvrdil",
        other: "{n} úkolů nikdo včas nepotvrdil",
    },
    tasks_oldest: Forms {
        one: "V každém systému se prochází jen {n} nejstarší úkol.",
        few: "V každém systému se procházejí jen {n} nejstarší úkoly.",
        other: "V každém systému se prochází jen {n} nejstarších úkolů.",
    },
    tasks_open: Forms { one: "{n} otevřený úkol", few: "{n} otevřené úkoly", other: "{n} otevřených úkolů" },
    tasks_residual: Forms {
        one: "U {n} úkolu údaje podle odpovědi zůstaly na místě",
        few: "U {n} úkolů údaje podle odpovědi zůstaly na místě",
        other: "U {n} úkolů údaje podle odpovědi zůstaly na místě",
    },
};
