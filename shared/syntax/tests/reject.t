:INPUT
-p tcp -j REJECT --reject-with tcp-reset ; = ; OK
-j REJECT --reject-with tcp-reset ; ; FAIL
! -p tcp -j REJECT --reject-with tcp-reset ; ; FAIL
-j REJECT --reject-with bogus ; ; FAIL
-j REJECT ! --reject-with tcp-reset ; ; FAIL
-j REJECT --reject-with ; ; FAIL
--reject-with tcp-reset ; ; FAIL
*mangle
-j REJECT ; ; FAIL
*filter
%ipv4
-j REJECT ; -j REJECT --reject-with icmp-port-unreachable ; OK
-j REJECT --reject-with icmp-net-unreachable ; = ; OK
-j REJECT --reject-with icmp-host-unreachable ; = ; OK
-j REJECT --reject-with icmp-proto-unreachable ; = ; OK
-j REJECT --reject-with icmp-net-prohibited ; = ; OK
-j REJECT --reject-with icmp-host-prohibited ; = ; OK
-j REJECT --reject-with icmp-admin-prohibited ; = ; OK
-j REJECT --reject-with admin-prohib ; -j REJECT --reject-with icmp-admin-prohibited ; OK
-p tcp -j REJECT --reject-with tcp-rst ; -p tcp -j REJECT --reject-with tcp-reset ; OK
-j REJECT --reject-with icmp6-no-route ; ; FAIL
%ipv6
-j REJECT ; -j REJECT --reject-with icmp6-port-unreachable ; OK
-j REJECT --reject-with icmp6-no-route ; = ; OK
-j REJECT --reject-with icmp6-adm-prohibited ; = ; OK
-j REJECT --reject-with icmp6-addr-unreachable ; = ; OK
-j REJECT --reject-with icmp6-policy-fail ; = ; OK
-j REJECT --reject-with icmp6-reject-route ; = ; OK
-j REJECT --reject-with no-route ; -j REJECT --reject-with icmp6-no-route ; OK
-j REJECT --reject-with icmp-host-unreachable ; ; FAIL
