//! Who gives the commands, where the settings do not say so.

use std::env;

use nix::unistd::{User, getuid};

use crate::text;

/// Returns the operator's name, as it is kept; what is wrong with it is added to `faults`.
pub(super) fn checked(name: Option<String>, faults: &mut Vec<String>) -> String {
    let name = name.unwrap_or_else(logged_in);
    text::line(&name, 128).unwrap_or_else(|fault| {
        faults.push(format!("operator: {fault}"));
        name
    })
}

/// Returns the name by which whoever runs the program logged in, before they became somebody else by `sudo`.
fn logged_in() -> String {
    let before = env::var("SUDO_USER").ok().filter(|name| !name.is_empty());
    before.unwrap_or_else(|| {
        let user = User::from_uid(getuid()).ok().flatten();
        user.map_or_else(|| format!("user {}", getuid()), |user| user.name)
    })
}
