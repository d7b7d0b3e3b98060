//! The plugins that come with quietus, driven by the real binary against the systems that they erase from.

mod bench;
mod crm_purge;
mod files;
mod forward;
mod mailbox_imap;
mod mailbox_web;
mod one_form;
mod recipes;
mod sql_purge;
