#!/bin/sh
# Fetches ONNX Runtime 1.29 (MIT) for x86-64 into FOLDER: include/, lib/, its licence.
# Debian 12 has no package of it. The npm package named below carries the library and the C headers; what is taken
# from it must have the sums in runtime.sha256.
set -eu
package=com.github.asus4.onnxruntime@0.4.9
headers='Plugins/iOS~/onnxruntime.xcframework/ios-arm64/onnxruntime.framework/Headers'

[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
folder=$1
sums=$(cd "$(dirname "$0")" && pwd)/runtime.sha256
[ "$(uname -sm)" = "Linux x86_64" ] || {
    echo "$0: the package has Linux on x86-64 only; build ONNX Runtime and set ONNXRUNTIME_DIR" >&2; exit 1; }
command -v npm >/dev/null || { echo "$0: npm is missing" >&2; exit 1; }

mkdir -p "$folder"
work=$(mktemp -d "$folder/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
echo "fetching ONNX Runtime ($package, 150 MB) ..."
npm pack "$package" --pack-destination "$work" --cache "$work/cache" --ignore-scripts --loglevel error \
    --fetch-retries 1 --fetch-retry-mintimeout 1000 --fetch-timeout 1200000 >/dev/null
tar -xzf "$work"/*.tgz -C "$work" --strip-components 1 --no-same-owner \
    package/LICENSE package/ThirdPartyNotices.txt package/Plugins/Linux/x64/libonnxruntime.so "package/$headers"
(cd "$work" && sha256sum --quiet --strict -c "$sums") || {
    echo "$0: $package is not what it was; it is not used" >&2; exit 1; }
mkdir -p "$folder/include" "$folder/lib"
install -m 644 "$work/LICENSE" "$work/ThirdPartyNotices.txt" "$folder"
install -m 644 "$work/$headers/onnxruntime_c_api.h" "$work/$headers/onnxruntime_error_code.h" \
    "$work/$headers/onnxruntime_ep_c_api.h" "$folder/include"
ln -sf libonnxruntime.so.1 "$folder/lib/libonnxruntime.so"
install -m 644 "$work/Plugins/Linux/x64/libonnxruntime.so" "$folder/lib/libonnxruntime.so.1"
