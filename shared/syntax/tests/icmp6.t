%ipv6
:INPUT
-p icmpv6 ; -p ipv6-icmp ; OK
-p 58 ; -p ipv6-icmp ; OK
-p icmpv6 --icmpv6-type echo-request ; -p ipv6-icmp -m icmp6 --icmpv6-type 128 ; OK
-p ipv6-icmp -m icmp6 --icmpv6-type 1/4 ; = ; OK
-p ipv6-icmp -m icmp6 ! --icmpv6-type 135 ; = ; OK
-p ipv6-icmp -m icmpv6 --icmpv6-type neighbor-solicitation ; -p ipv6-icmp -m icmp6 --icmpv6-type 135 ; OK
-p ipv6-icmp -m icmp6 --icmpv6-type 1/3:4 ; = ; OK
-p icmpv6 --icmpv6-type any ; ; FAIL
-p icmpv6 --icmpv6-type router ; ; FAIL
-p icmpv6 -m icmp6 ; ; FAIL
-m icmp6 --icmpv6-type 1 ; ; FAIL
-p icmpv6 --icmp-type 8 ; ; FAIL
