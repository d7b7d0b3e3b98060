//! English: links by which somebody without an account answers a task.

use crate::admin::pages::words::task_links::TaskLinks;

pub(in crate::admin::pages::words) const WORDS: TaskLinks = TaskLinks {
    do_make: "Make a link",
    lead: "Somebody without an account here, such as in the archive, answers by a link, once. Whom the task is about does not stand on its page: you tell them. The receipt has it as their word, by the link that you gave.",
    made_lead: "Give it to who does the work in a way that you would trust with the task, and tell them whom it is about.",
    made_link: "The link",
    made_once: "It is shown this once, and kept nowhere.",
    made_title: "Link to the task {id}",
    needs_address: "A link needs the address by which people reach this server. Somebody who sees to the configuration sets server.public_url to it, an https address.",
    not_now: "A link can be made again once an operator has given the task once more.",
    title: "Answer by a link",
    to_task: "Back to the task",
    until: "Good until {until}, for one answer.",
};
