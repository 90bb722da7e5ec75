//! The `childsize` program: all of it is `childsize::cli`.

fn main() -> std::process::ExitCode {
    childsize::cli::main()
}
