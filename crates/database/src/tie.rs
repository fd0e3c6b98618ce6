//! Ties a child's life to ours: when we die, even by kill -9, it is asked to stop.
//!
//! What it never does: anything after the child has started.

use std::{
    os::unix::process::CommandExt as _,
    process::{Child, Command},
    sync::{OnceLock, mpsc},
};

use regulars_kernel::{Error, Result};

type Order = (Command, mpsc::Sender<std::io::Result<Child>>);

/// Spawns the command with a parent-death signal (prctl(2), `PR_SET_PDEATHSIG`): SIGINT, PostgreSQL's fast shutdown.
///
/// The signal follows the thread that spawned, not the process, so all such children come from one thread that
/// never ends.
pub fn spawn(mut command: Command) -> Result<Child> {
    static SPAWNER: OnceLock<mpsc::Sender<Order>> = OnceLock::new();
    let us = std::process::id();
    #[expect(
        unsafe_code,
        reason = "prctl must be called between fork and exec; it and getppid are async-signal-safe"
    )]
    // SAFETY: the closure allocates nothing and calls two system calls only.
    unsafe {
        command.pre_exec(move || {
            nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGINT)?;
            // We may have died before the signal was set.
            if nix::unistd::getppid().as_raw() as u32 == us {
                Ok(())
            } else {
                Err(std::io::ErrorKind::Other.into())
            }
        });
    }
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, orders) = mpsc::channel::<Order>();
        std::thread::Builder::new()
            .name("postgres-parent".into())
            .spawn(move || {
                for (mut command, answer) in orders {
                    let _ = answer.send(command.spawn());
                }
            })
            .expect("a thread can be started while the program starts");
        sender
    });
    let gone = || Error::internal("the thread that starts PostgreSQL has ended");
    let (answer, child) = mpsc::channel();
    spawner.send((command, answer)).map_err(|_| gone())?;
    Ok(child.recv().map_err(|_| gone())??)
}
