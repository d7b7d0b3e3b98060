//! English: what the first page says of tasks, of what there is in all, and to who approves before anything has come.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::starting::Starting;

pub(in crate::admin::pages::words) const WORDS: Starting = Starting {
    approver_begin: "As soon as an officer has made the first plan, it stands on this page, and is opened from here.",
    approver_begin_title: "Do you approve erasures?",
    tasks_late_act: "Find out what became of it, and write it down at the task.",
    tasks_residual_act: "Find out what is left there and why. An operator gives the task once more.",
    tasks_late: Forms {
        one: "{n} task was not confirmed in time",
        few: "{n} tasks were not confirmed in time",
        other: "{n} tasks were not confirmed in time",
    },
    tasks_oldest: Forms {
        one: "Only the oldest {n} task of each system is looked at.",
        few: "Only the oldest {n} tasks of each system are looked at.",
        other: "Only the oldest {n} tasks of each system are looked at.",
    },
    tasks_open: Forms { one: "{n} open task", few: "{n} open tasks", other: "{n} open tasks" },
    tasks_residual: Forms {
        one: "The data of {n} task is still there, by its answer",
        few: "The data of {n} tasks is still there, by their answers",
        other: "The data of {n} tasks is still there, by their answers",
    },
};
