# nixpkgs: pkgs/by-name/po/popget/package.nix. In a checkout:
#   nix-build -E '(import <nixpkgs> { }).callPackage ./packaging/nix/package.nix { src = ./.; }'
{
  lib,
  stdenv,
  rustPlatform,
  pkg-config,
  openssl,
  libkrb5,
  versionCheckHook,
  withKerberos ? true,
  src ? ../..,
}:

rustPlatform.buildRustPackage {
  pname = "popget";
  version = "1.0.0-rc.1";
  inherit src;

  cargoLock.lockFile = src + "/Cargo.lock";
  buildType = "dist";

  nativeBuildInputs = [ pkg-config ];
  buildInputs = lib.optionals (!stdenv.hostPlatform.isDarwin) [ openssl ];

  # The library is opened by its name when it is wanted.
  postFixup = lib.optionalString (withKerberos && stdenv.hostPlatform.isLinux) ''
    patchelf --add-rpath ${lib.getLib libkrb5}/lib $out/bin/popget
  '';

  # Most tests want servers that nixpkgs would have to build first.
  cargoTestFlags = [ "--lib" ];
  checkType = "debug";

  # Manual pages, completions and units lie where nixpkgs looks for them.
  postInstall = ''
    make -f packaging/Makefile install-data PREFIX=$out DESTDIR= bindir=$out/bin
  '';

  nativeInstallCheckInputs = [ versionCheckHook ];
  doInstallCheck = true;

  meta = {
    description = "Fetcher of mail from POP servers that loses nothing";
    license = with lib.licenses; [
      mit
      asl20
    ];
    mainProgram = "popget";
    platforms = lib.platforms.unix;
  };
}
