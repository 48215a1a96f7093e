#!/bin/bash
# Compiles what protoc makes of the protos, all files, in each language; and runs buf's build, lint, generate and breaking.
#
#   tools/scripts/protos_check.sh BUILD [AGAINST]
#
# AGAINST is a git revision that `buf breaking` compares with. A language whose tools or packages cannot be had here is named in a
# line that begins with "left out", with the reason. Exits 1 where a file of ours does not compile or a check of buf fails.
# Works in BUILD/protos-check/, which may be thrown away. Logs stay there.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
root=$PWD
build=$(mkdir -p "$1" && cd "$1" && pwd) against=${2:-}
work=$build/protos-check
failed=0
mkdir -p "$work"
mapfile -t ours < <(cd proto && find . -name '*.proto' -printf '%P\n' | grep -v '^g\(oogle\|rpc\)/' | sort)
mapfile -t google < <(cd proto && find google -name '*.proto' | sort)

leave_out() { echo "left out: $1: $2"; }
good() { echo "good: $1"; }
bad() { # what, log
  echo "failed: $1; see $2"
  tail -n 20 "$2"
  failed=1
}
judge() { # what, log, exit code
  if [ "$3" -eq 0 ]; then good "$1"; else bad "$1" "$2"; fi
}
has() { command -v "$1" >/dev/null; }
fresh() { rm -rf "${work:?}/$1" && mkdir -p "$work/$1"; }

go_check() {
  has go || { leave_out Go "there is no go"; return; }
  local bin=$work/bin log=$work/go.log
  if ! GOBIN=$bin go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.6 >"$log" 2>&1 ||
    ! GOBIN=$bin go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.5.1 >>"$log" 2>&1; then
    leave_out Go "protoc-gen-go cannot be had: $(tail -n 1 "$log")"
    return
  fi
  fresh go
  PATH=$bin:$PATH protoc -Iproto --go_out="$work/go" --go_opt=module=billing-gateway/protos \
    --go-grpc_out="$work/go" --go-grpc_opt=module=billing-gateway/protos "${ours[@]}" >"$log" 2>&1 || { bad Go "$log"; return; }
  (cd "$work/go" && printf 'module billing-gateway/protos\n\ngo 1.23\n' >go.mod && go mod tidy) >>"$log" 2>&1 ||
    { leave_out Go "its modules cannot be had: $(tail -n 1 "$log")"; return; }
  if (cd "$work/go" && go build ./...) >>"$log" 2>&1; then good "Go, ${#ours[@]} files with their services"; else bad Go "$log"; fi
}

java_check() {
  has javac || { leave_out Java "there is no javac"; return; }
  local log=$work/java.log version jar=""
  version=$(protoc --version | grep -o '[0-9.]*$')
  # protoc has had a number of its own since 21.
  case $version in
    3.*) ;;
    2[1-5].*) version=3.$version ;;
    *) version=4.$version ;;
  esac
  if [ -f /usr/share/java/protobuf.jar ]; then
    jar=/usr/share/java/protobuf.jar
  elif has mvn && mvn -q -B dependency:copy "-Dartifact=com.google.protobuf:protobuf-java:$version" \
    "-DoutputDirectory=$work" >"$log" 2>&1; then
    jar=$work/protobuf-java-$version.jar
  else
    leave_out Java "there is no protobuf-java $version (libprotobuf-java, or Maven's)"
    return
  fi
  fresh java
  protoc -Iproto --java_out="$work/java" "${ours[@]}" "${google[@]}" >"$log" 2>&1 || { bad Java "$log"; return; }
  mkdir "$work/java/classes"
  find "$work/java" -name '*.java' >"$work/java/sources"
  if javac -nowarn -J-Xmx1g -cp "$jar" -d "$work/java/classes" "@$work/java/sources" >>"$log" 2>&1; then
    good "Java, ${#ours[@]} files, $(wc -l <"$work/java/sources") classes"
  else
    bad Java "$log"
  fi
}

python_check() {
  if ! /usr/bin/python3 -c 'import google.protobuf' 2>/dev/null; then
    leave_out Python "there is no python3-protobuf"
    return
  fi
  local log=$work/python.log
  fresh python
  protoc -Iproto --python_out="$work/python" --pyi_out="$work/python" "${ours[@]}" "${google[@]}" >"$log" 2>&1 ||
    { bad Python "$log"; return; }
  if (cd "$work/python" && printf '%s\n' "${ours[@]}" | /usr/bin/python3 -c '
import importlib, pathlib, sys
import google.protobuf
google.__path__.append("google")  # google/api stands beside ours
for line in sys.stdin:
    importlib.import_module(line.strip().removesuffix(".proto").replace("/", ".") + "_pb2")
for stub in pathlib.Path(".").rglob("*.pyi"):
    compile(stub.read_text(), str(stub), "exec")
') >>"$log" 2>&1; then
    good "Python, ${#ours[@]} files"
  else
    bad Python "$log"
  fi
}

typescript_check() {
  has npm || { leave_out TypeScript "there is no npm"; return; }
  local log=$work/typescript.log
  mkdir -p "$work/npm"
  [ -f "$work/npm/package.json" ] || echo '{"private": true, "type": "module"}' >"$work/npm/package.json"
  if ! (cd "$work/npm" && npm install --no-audit --no-fund --loglevel=error @bufbuild/protobuf@2.2.5 \
    @bufbuild/protoc-gen-es@2.2.5 typescript@5.8.3) >"$log" 2>&1; then
    leave_out TypeScript "its packages cannot be had: $(tail -n 1 "$log")"
    return
  fi
  rm -rf "$work/npm/src"
  mkdir "$work/npm/src"
  PATH=$work/npm/node_modules/.bin:$PATH protoc -Iproto --es_out="$work/npm/src" --es_opt=target=ts,import_extension=js \
    "${ours[@]}" "${google[@]}" >"$log" 2>&1 || { bad TypeScript "$log"; return; }
  if (cd "$work/npm" && find src -name '*.ts' >sources &&
    node_modules/.bin/tsc --noEmit --strict --target es2022 --module nodenext --moduleResolution nodenext @sources) \
    >>"$log" 2>&1; then
    good "TypeScript, ${#ours[@]} files, strict"
  else
    bad TypeScript "$log"
  fi
}

# Prints the folder of the runtime's sources: those of the system's source package, for want of NuGet.
csharp_runtime() {
  local apt=$work/apt list
  mkdir -p "$apt"/{parts,cache,lists/partial}
  sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$apt/sources.list" 2>/dev/null
  for list in /etc/apt/sources.list.d/*.sources; do
    [ ! -f "$list" ] || sed 's/^Types:.*/Types: deb-src/' "$list" >"$apt/parts/${list##*/}"
  done
  local options=(-qq -o "Dir::Etc::sourcelist=$apt/sources.list" -o "Dir::Etc::sourceparts=$apt/parts"
    -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root)
  # Some mirrors lack the package's description. The archive alone is wanted.
  (cd "$apt" && apt-get "${options[@]}" update && { apt-get "${options[@]}" source --download-only protobuf || true; } &&
    tar -xf protobuf_*.orig.tar.* --wildcards --strip-components=3 '*/csharp/src/Google.Protobuf') >"$apt/log" 2>&1 || return 1
  # Where this one ref ends is not said in the language of 2022, and has to be in that of today.
  sed -i 's/(ReadOnlySpan<byte> buffer, ref ParserInternalState/(ReadOnlySpan<byte> buffer, scoped ref ParserInternalState/' \
    "$apt/Google.Protobuf/ParseContext.cs"
  echo "$apt/Google.Protobuf"
}

csharp_check() {
  local log=$work/csharp.log runtime=""
  fresh csharp
  protoc -Iproto --csharp_out="$work/csharp" --csharp_opt=base_namespace= "${ours[@]}" "${google[@]}" >"$log" 2>&1 ||
    { bad "C#" "$log"; return; }
  has dotnet || { leave_out "C#" "there is no dotnet, which Debian does not have and Ubuntu has: the code is generated and not compiled"; return; }
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
  csharp_project "<PackageReference Include=\"Google.Protobuf\" Version=\"3.21.12\" />"
  if ! dotnet restore "$work/csharp" >>"$log" 2>&1; then
    runtime=$(csharp_runtime) || { leave_out "C#" "its runtime cannot be had, from NuGet or as a source package: $work/apt/log"; return; }
    csharp_project "<Compile Include=\"$runtime/**/*.cs\" />"
    mkdir -p "$work/no-packages"
    dotnet restore --source "$work/no-packages" "$work/csharp" >>"$log" 2>&1 || { bad "C#" "$log"; return; }
  fi
  if dotnet build --no-restore "$work/csharp" >>"$log" 2>&1; then
    good "C#, ${#ours[@]} files, with its runtime${runtime:+, compiled from its sources}"
  else
    bad "C#" "$log"
  fi
}
csharp_project() { # the runtime's item
  cat >"$work/csharp/protos.csproj" <<EOF
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net8.0</TargetFramework>
    <LangVersion>11</LangVersion>
    <AllowUnsafeBlocks>true</AllowUnsafeBlocks>
    <GenerateAssemblyInfo>false</GenerateAssemblyInfo>
    <DefineConstants>\$(DefineConstants);GOOGLE_PROTOBUF_SUPPORT_FAST_STRING</DefineConstants>
  </PropertyGroup>
  <ItemGroup>$1</ItemGroup>
</Project>
EOF
}

# The program, or one that npm installs.
find_buf() {
  if has buf; then command -v buf; return; fi
  has npm || return 1
  mkdir -p "$work/buf"
  [ -f "$work/buf/package.json" ] || echo '{"private": true}' >"$work/buf/package.json"
  (cd "$work/buf" && npm install --no-audit --no-fund --loglevel=error @bufbuild/buf@1.57.2) >"$work/buf.log" 2>&1 || return 1
  echo "$work/buf/node_modules/.bin/buf"
}

buf_check() {
  local buf log=$work/buf.log image=$work/against.binpb
  buf=$(find_buf) || { leave_out buf "it is not installed, and npm cannot install it"; return; }
  cd proto || exit 1
  "$buf" build -o "$work/image.binpb" >"$log" 2>&1
  judge "buf build" "$log" $?
  "$buf" lint >"$log" 2>&1
  judge "buf lint" "$log" $?
  "$buf" generate -o "$work" >"$log" 2>&1
  judge "buf generate" "$log" $?
  cd "$root" || exit 1
  [ -n "$against" ] || { leave_out "buf breaking" "no revision to compare with was named"; return; }
  # A revision of before google/api stood here is compiled with that of today.
  rm -rf "$work/against"
  mkdir "$work/against"
  git archive "$against" proto | tar -x -C "$work/against" || exit 1
  mapfile -t before < <(cd "$work/against/proto" && find . -name '*.proto' -printf '%P\n')
  protoc "-I$work/against/proto" -Iproto --include_imports --include_source_info "--descriptor_set_out=$image" "${before[@]}" ||
    exit 1
  (cd proto && "$buf" breaking --against "$image") >"$log" 2>&1
  judge "buf breaking against $against" "$log" $?
}

for language in ${LANGUAGES:-buf python go java typescript csharp}; do
  case $language in
    buf) buf_check ;;
    python) python_check ;;
    go) go_check ;;
    java) java_check ;;
    typescript) typescript_check ;;
    csharp) csharp_check ;;
    *) echo "no check of $language" && failed=1 ;;
  esac
done
exit $failed
