//! Who gives the commands, where the settings do not say so.

use std::env;

use nix::unistd::{User, getuid};

/// Returns the name by which whoever runs the program logged in, before they became somebody else by `sudo`.
pub(super) fn logged_in() -> String {
    let before = env::var("SUDO_USER").ok().filter(|name| !name.is_empty());
    before.unwrap_or_else(|| {
        let user = User::from_uid(getuid()).ok().flatten();
        user.map_or_else(|| format!("user {}", getuid()), |user| user.name)
    })
}
