# Offers the accounts of the configuration, with commas between them.
(( $+functions[_popget_accounts] )) ||
_popget_accounts() {
    local -a names
    _popget_names && _sequence compadd - "$names[@]"
}

# Offers one of them.
(( $+functions[_popget_account] )) ||
_popget_account() {
    local -a names
    _popget_names && compadd - "$names[@]"
}

# Finds out their names.
(( $+functions[_popget_names] )) ||
_popget_names() {
    local -a line options
    local -i at
    line=("${(@Q)${(@z)BUFFER}}")
    for (( at = 1; at <= $#line; at++ )); do
        case $line[at] in
            (-c|--config) options=(--config "$line[at+1]") ;;
            (--config=*) options=(--config "${line[at]#--config=}") ;;
            (-c?*) options=(--config "${line[at]#-c}") ;;
        esac
    done
    options=("${(@)options/#\~\//$HOME/}")
    [[ "$options[2]" == - ]] && return 1
    names=("${(@f)$(popget "$options[@]" config --accounts 2> /dev/null < /dev/null)}")
    names=("${(@)names:#}")
    (( $#names ))
}
