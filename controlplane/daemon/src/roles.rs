//! Who may do what: the user behind the socket, by the kernel's word, has a role.
//!
//! `[access]` lists users by name or number and groups as `%name` or `%number`. A user is in a
//! group if it is the group of the process that connects or `/etc/group` lists the user; both
//! files are read once, at start. Who is listed twice has the higher role. The user that the
//! control plane runs as is an administrator always.

use std::{
    collections::{HashMap, HashSet},
    fmt, fs,
};

use serde::Deserialize;

/// What somebody may do. Each role may do what the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Look.
    Viewer,
    /// Change rules.
    Operator,
    /// Everything.
    Admin,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Admin => "admin",
        })
    }
}

/// Who is on the other end of a connection, by its socket's credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Its user.
    pub(crate) uid: u32,
    /// Its group.
    pub(crate) gid: u32,
}

/// `[access]` as it is typed.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawAccess {
    admins: Vec<String>,
    operators: Vec<String>,
    viewers: Vec<String>,
}

impl Default for RawAccess {
    fn default() -> Self {
        Self {
            admins: vec!["root".to_owned()],
            operators: Vec::new(),
            viewers: Vec::new(),
        }
    }
}

/// An entry of `[access]` that means nobody.
#[derive(Debug, thiserror::Error)]
#[error("access.{key}: `{entry}' is no user or, with %, group of this machine")]
pub(crate) struct AccessError {
    key: &'static str,
    entry: String,
}

/// Users and groups with their roles.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roles {
    users: HashMap<u32, Role>,
    groups: HashMap<u32, Role>,
}

impl Roles {
    /// Looks everybody up in this machine's `/etc/passwd` and `/etc/group`.
    ///
    /// # Errors
    /// An entry names nobody.
    pub(crate) fn of_this_machine(access: &RawAccess) -> Result<Self, AccessError> {
        let read = |path| {
            let bytes = fs::read(path).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let mut roles = Self::new(access, &read("/etc/passwd"), &read("/etc/group"))?;
        roles
            .users
            .insert(rustix::process::geteuid().as_raw(), Role::Admin);
        Ok(roles)
    }

    fn new(access: &RawAccess, passwd: &str, group: &str) -> Result<Self, AccessError> {
        let known = Known { passwd, group };
        let mut roles = Self::default();
        let lists = [
            ("viewers", &access.viewers, Role::Viewer),
            ("operators", &access.operators, Role::Operator),
            ("admins", &access.admins, Role::Admin),
        ];
        for (key, entries, role) in lists {
            for entry in entries {
                let nobody = || AccessError {
                    key,
                    entry: entry.clone(),
                };
                match entry.strip_prefix('%') {
                    Some(name) => {
                        let (gid, members) = known.group(name).ok_or_else(nobody)?;
                        raise(&mut roles.groups, gid, role);
                        members
                            .into_iter()
                            .for_each(|uid| raise(&mut roles.users, uid, role));
                    }
                    None => {
                        let uid = known.user(entry).ok_or_else(nobody)?;
                        raise(&mut roles.users, uid, role);
                    }
                }
            }
        }
        Ok(roles)
    }

    /// The role of `peer`; `None` if it has none.
    pub(crate) fn of(&self, peer: Peer) -> Option<Role> {
        let as_user = self.users.get(&peer.uid);
        let as_group = self.groups.get(&peer.gid);
        as_user.into_iter().chain(as_group).copied().max()
    }
}

fn raise(roles: &mut HashMap<u32, Role>, id: u32, role: Role) {
    let held = roles.entry(id).or_insert(role);
    *held = (*held).max(role);
}

/// The text of `/etc/passwd` and `/etc/group`.
struct Known<'a> {
    passwd: &'a str,
    group: &'a str,
}

impl Known<'_> {
    /// A user's number. A number stands for itself.
    fn user(&self, name: &str) -> Option<u32> {
        name.parse().ok().or_else(|| number(self.passwd, name))
    }

    /// A group's number and its members.
    fn group(&self, name: &str) -> Option<(u32, HashSet<u32>)> {
        let gid = name.parse().ok().or_else(|| number(self.group, name))?;
        let of_group = |line: &&str| line.split(':').nth(2) == Some(gid.to_string().as_str());
        let members = self
            .group
            .lines()
            .filter(of_group)
            .filter_map(|line| line.split(':').nth(3));
        let members = members
            .flat_map(|list| list.split(','))
            .filter_map(|name| self.user(name));
        Some((gid, members.collect()))
    }
}

/// The third field of the line whose first is `name`: `name:x:1000:...`, passwd(5), group(5).
fn number(lines: &str, name: &str) -> Option<u32> {
    lines.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name))
            .then(|| fields.nth(1))??
            .parse()
            .ok()
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Users of [`roles`].
    pub(crate) struct Uids {
        pub(crate) viewer: u32,
        pub(crate) nobody: u32,
    }

    pub(crate) const PASSWD_UIDS: Uids = Uids {
        viewer: 1000,
        nobody: 1002,
    };

    /// Root is an administrator, ann a viewer.
    pub(crate) fn roles() -> Roles {
        Roles::new(&access(&["root"], &[], &["ann"]), PASSWD, GROUP).unwrap()
    }

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/:/bin/sh\n\
                          bob:x:1001:1001::/:/bin/sh\n";
    const GROUP: &str = "root:x:0:\nnet:x:50:bob,ghost\nann:x:1000:\n";

    fn access(admins: &[&str], operators: &[&str], viewers: &[&str]) -> RawAccess {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        RawAccess {
            admins: owned(admins),
            operators: owned(operators),
            viewers: owned(viewers),
        }
    }

    fn role(roles: &Roles, uid: u32, gid: u32) -> Option<Role> {
        roles.of(Peer { uid, gid })
    }

    #[test]
    fn by_default_only_root() {
        let roles = Roles::new(&RawAccess::default(), PASSWD, GROUP).unwrap();
        assert_eq!(role(&roles, 0, 0), Some(Role::Admin));
        assert_eq!(role(&roles, 1000, 0), None);
    }

    #[test]
    fn users_numbers_and_groups() {
        let access = access(&[], &["%net", "1234"], &["ann", "bob"]);
        let roles = Roles::new(&access, PASSWD, GROUP).unwrap();
        assert_eq!(role(&roles, 1000, 1000), Some(Role::Viewer));
        assert_eq!(
            role(&roles, 1001, 1001),
            Some(Role::Operator),
            "bob is listed in net"
        );
        assert_eq!(
            role(&roles, 1000, 50),
            Some(Role::Operator),
            "ann's process runs as net"
        );
        assert_eq!(role(&roles, 1234, 1), Some(Role::Operator));
        assert_eq!(role(&roles, 0, 0), None);
    }

    #[test]
    fn nobody_is_told() {
        let error = Roles::new(&access(&[], &[], &["%none"]), PASSWD, GROUP).unwrap_err();
        assert!(
            error.to_string().contains("access.viewers: `%none'"),
            "{error}"
        );
    }
}
