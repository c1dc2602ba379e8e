# shellcheck shell=bash
# Source packages of Debian for tests that use their data; nothing of them is kept here.

# debian_source PACKAGE FOLDER: unpacks the source of PACKAGE below FOLDER. The machine's own
# list of mirrors is read with its lines turned to sources, and left as it is.
debian_source() {
    local package=$1 folder=$2 lists
    mkdir -p "$folder"
    lists=$(mktemp -d)
    mkdir -p "$lists/parts" "$lists/state/partial"
    if [[ -f /etc/apt/sources.list ]]; then
        sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$lists/parts/main.list"
    fi
    local file
    for file in /etc/apt/sources.list.d/*.sources; do
        [[ -f $file ]] || continue
        sed 's/^Types:.*/Types: deb-src/' "$file" >"$lists/parts/$(basename "$file")"
    done
    local options=(-o "Dir::Etc::SourceList=/dev/null" -o "Dir::Etc::SourceParts=$lists/parts"
        -o "Dir::State::Lists=$lists/state" -o DPkg::Lock::Timeout=120)
    (
        cd "$folder" || exit
        apt-get "${options[@]}" --quiet update &&
            apt-get "${options[@]}" --quiet --download-only source "$package" &&
            for file in "$package"_*.orig.tar.*; do
                case $file in *.asc) ;; *) tar --extract --file "$file" ;; esac
            done
    )
    local code=$?
    rm -rf "$lists"
    return "$code"
}
