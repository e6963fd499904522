/* The authorisation table: every route, every role. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/routes.h"

static void test_self_test_passes(void **state)
{
    struct error error;

    (void)state;
    assert_true(routes_check(&error));
}

static void test_without_a_token_only_open_routes(void **state)
{
    size_t n_routes;
    const struct route *routes = routes_all(&n_routes);

    (void)state;
    for (size_t i = 0; i < n_routes; i++)
        assert_int_equal(routes_permit(&routes[i], STORE_ROLE_NONE),
                         routes[i].access == ACCESS_OPEN);
}

/* What must never be open, whatever the table says tomorrow. */
static void test_acts_and_hosts_need_a_token(void **state)
{
    static const char *const CLOSED[] = {"/api/v1/hosts", "/api/v1/policy", "/api/v1/policies",
                                         "/api/v1/tokens", "/api/v1/audit"};
    size_t n_routes;
    const struct route *routes = routes_all(&n_routes);

    (void)state;
    for (size_t i = 0; i < n_routes; i++)
        for (size_t k = 0; k < sizeof CLOSED / sizeof *CLOSED; k++)
            if (strncmp(routes[i].path, CLOSED[k], strlen(CLOSED[k])) == 0)
                assert_int_not_equal(routes[i].access, ACCESS_OPEN);
}

static void test_roles_only_grow(void **state)
{
    size_t n_routes;
    const struct route *routes = routes_all(&n_routes);

    (void)state;
    for (size_t i = 0; i < n_routes; i++)
        for (int role = STORE_ROLE_NONE; role < STORE_ROLE_ADMIN; role++)
            if (routes_permit(&routes[i], (enum store_role)role))
                assert_true(routes_permit(&routes[i], (enum store_role)(role + 1)));
}

static void test_a_line_without_access_answers_nobody(void **state)
{
    const struct route route = {.access = ACCESS_NONE};

    (void)state;
    for (int role = STORE_ROLE_NONE; role <= STORE_ROLE_ADMIN; role++)
        assert_false(routes_permit(&route, (enum store_role)role));
}

static void test_bodies_have_caps(void **state)
{
    size_t n_routes;
    const struct route *routes = routes_all(&n_routes);

    (void)state;
    for (size_t i = 0; i < n_routes; i++) {
        assert_int_equal(routes[i].body_cap > 0, routes[i].takes[0] != '\0');
        if (!strchr(routes[i].path, '{'))
            assert_int_equal(routes_body_cap(NULL, routes[i].method, routes[i].path),
                             routes[i].body_cap);
    }
    assert_int_equal(routes_body_cap(NULL, HTTP_POST, "/nowhere"), 0);
    assert_int_equal(routes_body_cap(NULL, HTTP_POST, "/api/v1/hosts/a/approve"), 4096);
    assert_int_equal(routes_body_cap(NULL, HTTP_POST, "/api/v1/hosts/a/b/approve"), 0);
    assert_int_equal(routes_body_cap(NULL, HTTP_POST, "/api/v1/hosts//approve"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_self_test_passes),
        cmocka_unit_test(test_without_a_token_only_open_routes),
        cmocka_unit_test(test_acts_and_hosts_need_a_token),
        cmocka_unit_test(test_roles_only_grow),
        cmocka_unit_test(test_a_line_without_access_answers_nobody),
        cmocka_unit_test(test_bodies_have_caps),
    };

    return cmocka_run_group_tests_name("server routes", tests, NULL, NULL);
}
