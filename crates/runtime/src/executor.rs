//! N threads with one single-threaded runtime each.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, LocalOptions};

use crate::{Shutdown, Tasks};

/// What a program gets on the executor it runs on.
#[derive(Debug)]
pub struct ExecutorContext {
    pub index: usize,
    pub tasks: Tasks,
    pub shutdown: Shutdown,
}

/// The running executors.
#[derive(Debug)]
pub struct Executors {
    threads: Vec<JoinHandle<()>>,
}

/// The operating system did not give us a thread or its event queue.
#[derive(Debug, thiserror::Error)]
#[error("cannot start executor {index}: {source}")]
pub struct StartError {
    pub index: usize,
    pub source: io::Error,
}

impl Executors {
    /// Starts `count` executors. On each, `program` runs to its end; then the executor waits for its tasks until they
    /// are done or the grace period is over, and its thread ends.
    pub fn start<P, F>(count: usize, shutdown: &Shutdown, program: P) -> Result<Self, StartError>
    where
        P: Fn(Rc<ExecutorContext>) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + 'static,
    {
        let program = Arc::new(program);
        let mut threads = Vec::with_capacity(count);
        for index in 0..count {
            let (program, shutdown) = (Arc::clone(&program), shutdown.clone());
            let thread = std::thread::Builder::new()
                .name(format!("executor-{index}"))
                .spawn(move || run(index, shutdown, &*program))
                .map_err(|source| StartError { index, source })?;
            threads.push(thread);
        }
        Ok(Self { threads })
    }

    /// Blocks until every executor has ended.
    pub fn join(self) {
        for (index, thread) in self.threads.into_iter().enumerate() {
            if thread.join().is_err() {
                tracing::error!(executor = index, "an executor ended in a panic");
            }
        }
    }
}

fn run<F: Future<Output = ()> + 'static>(
    index: usize,
    shutdown: Shutdown,
    program: &dyn Fn(Rc<ExecutorContext>) -> F,
) {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(executor = index, %error, "cannot create the event loop of an executor");
            shutdown.kill();
            return;
        }
    };
    let context = Rc::new(ExecutorContext { index, tasks: Tasks::new(), shutdown });
    runtime.block_on(async {
        program(Rc::clone(&context)).await;
        // After the kill a task gets one last turn to say goodbye to its client, then it is dropped.
        tokio::select! {
            () = context.tasks.finished() => {}
            () = farewell(&context.shutdown) => {}
        }
    });
}

/// Resolves a little after the kill.
async fn farewell(shutdown: &Shutdown) {
    const LAST_TURN: std::time::Duration = std::time::Duration::from_millis(500);
    shutdown.killed().await;
    tokio::time::sleep(LAST_TURN).await;
}
