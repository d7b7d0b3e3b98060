//! The plugins that come with quietus, driven by the real binary against the systems that they erase from.

mod mailbox_imap;
mod mailbox_web;
