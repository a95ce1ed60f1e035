# Offers the accounts of the configuration, if one is to be named.
_popget_accounts() {
    local line="${COMP_LINE:0:COMP_POINT}" rest part bare program config="" option="" value cut name
    local -a words
    local -i i
    words=()
    rest="$line"
    for ((i = 0; i <= COMP_CWORD; i++)); do
        part="${COMP_WORDS[i]}"
        bare="${rest#"${rest%%[![:space:]]*}"}"
        [[ $i -eq COMP_CWORD && "$bare" != "$part"* ]] && part="$bare"
        if [[ $i -eq 0 || "$bare" != "$rest" ]]; then
            words+=("$part")
        else
            words[${#words[@]} - 1]+="$part"
        fi
        rest="${bare#"$part"}"
    done
    i=$((${#words[@]} - 1))
    value="${words[i]}"
    case "${words[i - 1]}" in
        -a | --account) ;;
        *)
            if [[ "$value" == --account=* ]]; then
                option="--account="
                value="${value#--account=}"
            else
                _popget_is_login || return 1
            fi
            ;;
    esac
    compopt +o default +o bashdefault 2> /dev/null
    for ((i = 1; i < ${#words[@]} - 1; i++)); do
        case "${words[i]}" in
            -c | --config) config="${words[i + 1]}" ;;
            --config=*) config="${words[i]#--config=}" ;;
            -c?*) config="${words[i]#-c}" ;;
        esac
    done
    config="${config//[\"\'\\]/}"
    config="${config/#\~\//$HOME/}"
    [[ "$config" == - ]] && return 0
    program="${1/#\~\//$HOME/}"
    cut="${words[${#words[@]} - 1]}"
    cut="${cut%"${cut##*["$COMP_WORDBREAKS"]}"}"
    cut="${cut%@}" # readline leaves it with what follows
    part="${value##*,}"
    rest="${value%"$part"}"
    while IFS= read -r name; do
        if [[ -n "$name" && "$name" == "$part"* && ",$rest" != *",$name,"* ]]; then
            name="$option$rest$name"
            COMPREPLY+=("${name#"$cut"}")
        fi
    done < <("$program" ${config:+--config "$config"} config --accounts 2> /dev/null < /dev/null)
    return 0
}

# Whether what is completed in these words is the account of a login.
_popget_is_login() {
    local command=""
    local -i at last=$((${#words[@]} - 1))
    [[ "${words[last]}" == -* ]] && return 1
    for ((at = 1; at < last; at++)); do
        case "${words[at]}" in
            -c | --config | --state-dir | --color) at+=1 ;;
            -*) ;;
            login) [[ -z "$command" ]] && command=login || return 1 ;;
            *) return 1 ;;
        esac
    done
    [[ $at -eq $last && -n "$command" ]]
}
