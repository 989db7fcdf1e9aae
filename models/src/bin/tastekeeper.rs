//! The `tastekeeper` command.

fn main() -> std::process::ExitCode {
    tastekeeper_models::command::main()
}
