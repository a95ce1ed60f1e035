# Offers the accounts of the configuration.
(( $+functions[_popget_accounts] )) ||
_popget_accounts() {
    local -a line options names
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
    (( $#names )) || return 1
    _sequence compadd - "$names[@]"
}
