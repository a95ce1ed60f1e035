/* To be preloaded: lets the name service know that kpop is the port KPOP_PORT. fetchmail sends its
 * dummy password to no port but one that is called so, and Debian's /etc/services has none. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

typedef int look_up(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    look_up *real = (look_up *)dlsym(RTLD_NEXT, "getaddrinfo");
    if (service && !strcmp(service, "kpop"))
        service = getenv("KPOP_PORT");
    return real(host, service, hints, found);
}
