//! English: what stands where nobody has seen everything, and where not everything is shown to whoever looks.

use crate::admin::pages::words::unseen::Unseen;

pub(in crate::admin::pages::words) const WORDS: Unseen = Unseen {
    complete_unseen: "Complete, but not all of it verified",
    only_companies: "Only what is of {companies} is shown to you.",
    only_companies_home: "Only what is of {companies} is shown to you. Of other companies, and of what concerns the whole deployment, nothing stands here: that is for those who may see all companies.",
    persons_withheld: "Erasures of persons are shown to officers and approvers only, so none stands here even where one has reached this session.",
};
