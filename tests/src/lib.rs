//! Harness shared by the promise tests.
