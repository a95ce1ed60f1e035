# typed: strict
# frozen_string_literal: true

# Fetcher of mail from POP servers.
class Popget < Formula
  desc "Fetcher of mail from POP servers that loses nothing"
  homepage "https://crates.io/crates/popget"
  url "https://static.crates.io/crates/popget/popget-1.0.0-rc.1.crate"
  # brew bump-formula-pr puts the sum of the release here.
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on "rust" => :build

  on_linux do
    depends_on "pkgconf" => :build
    depends_on "openssl@3"
  end

  # The test talks to a server of its own.
  deny_network_access! :postinstall

  def install
    system "cargo", "install", *std_cargo_args
    man1.install "man/popget.1", "man/popget-import.1"
    man5.install "man/popget.yaml.5"
    bash_completion.install "completions/popget.bash" => "popget"
    zsh_completion.install "completions/_popget"
    fish_completion.install "completions/popget.fish"
    pkgshare.install "packaging/examples", "packaging/schema/events.schema.json"
  end

  service do
    run [opt_bin/"popget"]
    run_type :interval
    interval 600
    error_log_path var/"log/popget.log"
    environment_variables PATH: std_service_path_env
  end

  # Without a network: a server in three lines says what a maildrop holds.
  test do
    assert_match "popget #{version}", shell_output("#{bin}/popget --version")
    port = free_port
    server = TCPServer.new("127.0.0.1", port)
    letter = "Subject: hello\r\n\r\nworld\r\n"
    talk = Thread.new do
      client = server.accept
      client.write "+OK hello\r\n"
      while (line = client.gets)
        case line
        when /\ACAPA/ then client.write "+OK\r\nUSER\r\nUIDL\r\n.\r\n"
        when /\ASTAT/ then client.write "+OK 1 #{letter.bytesize}\r\n"
        when /\ALIST/ then client.write "+OK\r\n1 #{letter.bytesize}\r\n.\r\n"
        when /\AUIDL/ then client.write "+OK\r\n1 one\r\n.\r\n"
        when /\ARETR/ then client.write "+OK\r\n#{letter}.\r\n"
        when /\AQUIT/ then client.write("+OK\r\n") && break
        else client.write "+OK\r\n"
        end
      end
      client.close
    end
    (testpath/"popget.yaml").write <<~YAML
      accounts:
        test:
          server: 127.0.0.1:#{port}
          tls: none
          auth: user-pass
          user: alice
          password_command: echo secret
          deliver: {maildir: #{testpath}/mail}
    YAML
    system bin/"popget", "--config", testpath/"popget.yaml", "--state-dir", testpath/"state"
    talk.join
    assert_equal ["Subject: hello\n\nworld\n"], (testpath/"mail/new").children.map(&:read)
  end
end
